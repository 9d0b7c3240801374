import { describeFaults } from './faults';

describeFaults('ghl', 'free-slots', 'page');
